package httpapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func (a *api) CreateUser(ctx context.Context, request CreateUserRequestObject) (CreateUserResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.signUp.take(c.address); err != nil {
		return nil, err
	}
	if err := a.firstComesFromHere(ctx); err != nil {
		return nil, err
	}
	n := accounts.SignUp{Username: request.Body.Username, Password: request.Body.Password, UserAgent: c.userAgent}
	if request.Body.DisplayName != nil {
		n.DisplayName = *request.Body.DisplayName
	}
	if request.Body.SetupToken != nil {
		if err := a.limits.setup.take(c.address); err != nil {
			return nil, err
		}
		n.SetupToken = *request.Body.SetupToken
	}
	if n.Code = value(request.Body.Code); n.Code != "" {
		if err := a.limits.setup.take(c.address); err != nil {
			return nil, err
		}
	}
	in, err := a.Accounts.SignUp(ctx, n)
	if err != nil {
		return nil, err
	}
	return CreateUser201JSONResponse{session(ctx, in)}, nil
}

// firstComesFromHere keeps others from the first account of a server that takes itself to be for its own machine alone, and so asks for no token:
// those whom a proxy lets in that the settings know nothing of, and pages that have their own name lead to this machine.
func (a *api) firstComesFromHere(ctx context.Context) error {
	v := callOf(ctx).visit
	if a.Accounts.SetupGuarded() || v.Trusted || !v.Forwarded && v.ForwardedHost == "" && isThisMachine(v.Host) {
		return nil
	}
	if _, firstRun, err := a.Accounts.SignUps(ctx); err != nil || !firstRun {
		return err
	}
	return wire.Errorf(wire.ErrorCodeSetupTokenRequired, "The first account here is the administrator's, and this server takes itself to be for its own machine alone. "+
		"Make the account there, by http://localhost; or, for a server that others reach, set TURTUS_PUBLIC_URL to the address that they open, start it again, and take the link of its log.")
}

// isThisMachine says whether a Host header names the machine that the page was opened on.
func isThisMachine(host string) bool {
	name := strings.ToLower((&url.URL{Host: host}).Hostname())
	a, err := netip.ParseAddr(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || err == nil && a.IsLoopback()
}

func (a *api) GetMe(ctx context.Context, _ GetMeRequestObject) (GetMeResponseObject, error) {
	return GetMe200JSONResponse(person(ctx).Wire()), nil
}

func (a *api) UpdateMe(ctx context.Context, request UpdateMeRequestObject) (UpdateMeResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	p, err := a.Accounts.UpdateProfile(ctx, person(ctx).ID, request.Body.DisplayName, request.Body.AvatarColor)
	if err != nil {
		return nil, err
	}
	return UpdateMe200JSONResponse(a.updated(p)), nil
}

// updated tells the rooms how the person looks now.
func (a *api) updated(p accounts.Person) wire.Person {
	a.Hub.PersonUpdated(p.ID, p.Public())
	return p.Wire()
}

func (a *api) DeleteMe(ctx context.Context, request DeleteMeRequestObject) (DeleteMeResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.passwords.take(c.caller.Person.ID.String()); err != nil {
		return nil, err
	}
	password := ""
	if request.Body.Password != nil {
		password = *request.Body.Password
	}
	deleted, err := a.Accounts.Delete(ctx, *c.caller, password)
	if err != nil {
		return nil, err
	}
	for _, id := range deleted.Rooms {
		a.endBrowser(ctx, rooms.ID(id))
		a.Hub.RoomDeleted(rooms.ID(id))
	}
	a.Hub.PersonGone(c.caller.Person.ID)
	cookie := clearedCookie(c.secure).String()
	return DeleteMe204Response{Headers: DeleteMe204ResponseHeaders{SetCookie: &cookie}}, nil
}

func (a *api) ChangePassword(ctx context.Context, request ChangePasswordRequestObject) (ChangePasswordResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.passwords.take(c.caller.Person.ID.String()); err != nil {
		return nil, err
	}
	if err := a.Accounts.ChangePassword(ctx, *c.caller, request.Body.CurrentPassword, request.Body.NewPassword); err != nil {
		return nil, err
	}
	return ChangePassword204Response{}, nil
}

func (a *api) ClaimAccount(ctx context.Context, request ClaimAccountRequestObject) (ClaimAccountResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.signUp.take(c.address); err != nil {
		return nil, err
	}
	code := value(request.Body.Code)
	if code != "" {
		if err := a.limits.setup.take(c.address); err != nil {
			return nil, err
		}
	}
	claimed, err := a.Accounts.Claim(ctx, *c.caller, request.Body.Username, request.Body.Password, code)
	if err != nil {
		return nil, err
	}
	for _, id := range claimed.Rooms {
		a.Hub.MemberChanged(rooms.ID(id), claimed.Person.ID)
	}
	return ClaimAccount200JSONResponse(a.updated(claimed.Person)), nil
}

func (a *api) SetAvatar(ctx context.Context, request SetAvatarRequestObject) (SetAvatarResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	picture, err := io.ReadAll(request.Body) // bounded by checked
	if err != nil {
		return nil, unreadable(err, accounts.MaxAvatarBytes)
	}
	p, err := a.Accounts.SetAvatar(ctx, person(ctx).ID, picture)
	if err != nil {
		return nil, err
	}
	return SetAvatar200JSONResponse(a.updated(p)), nil
}

func (a *api) DeleteAvatar(ctx context.Context, _ DeleteAvatarRequestObject) (DeleteAvatarResponseObject, error) {
	p, err := a.Accounts.DeleteAvatar(ctx, person(ctx).ID)
	if err != nil {
		return nil, err
	}
	return DeleteAvatar200JSONResponse(a.updated(p)), nil
}

// avatar is a picture as people gave it: nothing in it may run, and its address changes with it, so it may be kept for ever.
type avatar struct{ GetAvatar200ImageResponse }

func (v avatar) VisitGetAvatarResponse(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", "inline")
	return v.GetAvatar200ImageResponse.VisitGetAvatarResponse(w)
}

func (a *api) GetAvatar(ctx context.Context, request GetAvatarRequestObject) (GetAvatarResponseObject, error) {
	contentType, picture, err := a.Accounts.Avatar(ctx, accounts.PersonID(request.UserId))
	if err != nil {
		return nil, err
	}
	return avatar{GetAvatar200ImageResponse{Body: bytes.NewReader(picture), ContentType: contentType, ContentLength: int64(len(picture))}}, nil
}
