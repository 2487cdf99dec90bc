package httpapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"turtus/services/accounts"
	"turtus/services/audit"
	"turtus/services/wire"
)

// What an administrator of the server may do. Who is one is asked of each operation of the contract with the tag admin, before its handler.

// tagAdmin is the contract's.
const tagAdmin = "admin"

func errAdministrators() error {
	return wire.Errorf(wire.ErrorCodeForbidden, "Only administrators of this server may see that.")
}

const pageSize = 50

// page is what the lists have in common. PostgreSQL knows no NUL, which no name has.
func page(search, cursor *string, limit *int) (string, string, int) {
	n := pageSize
	if limit != nil {
		n = *limit
	}
	return strings.ReplaceAll(strings.ToValidUTF8(value(search), ""), "\x00", ""), value(cursor), n
}

// some is the optional form of a text that is empty for none.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (a *api) GetOverview(ctx context.Context, _ GetOverviewRequestObject) (GetOverviewResponseObject, error) {
	days, err := a.Peaks.Days(ctx)
	if err != nil {
		return nil, err
	}
	return GetOverview200JSONResponse{Now: a.Peaks.Now(), Peaks: days}, nil
}

func (a *api) ListPeople(ctx context.Context, request ListPeopleRequestObject) (ListPeopleResponseObject, error) {
	p := request.Params
	w := accounts.Wanted{Kind: wire.PersonKind(value(p.Kind))}
	w.Search, w.Cursor, w.Limit = page(p.Search, p.Cursor, p.Limit)
	if p.Standing != nil {
		w.Disabled, w.Administrators = *p.Standing == wire.ListPeopleParamsStandingDisabled, *p.Standing == wire.ListPeopleParamsStandingAdministrator
	}
	people, next, err := a.Accounts.People(ctx, w)
	if err != nil {
		return nil, err
	}
	list := ListPeople200JSONResponse{People: make([]wire.ManagedPerson, len(people)), Next: some(next)}
	for i, each := range people {
		list.People[i] = managed(each)
	}
	return list, nil
}

func managed(m accounts.Managed) wire.ManagedPerson {
	w := wire.ManagedPerson{Person: m.Person.Wire(), SeenAt: m.SeenAt.UTC(), RoomsOwned: m.RoomsOwned}
	if !m.Person.DisabledAt.IsZero() {
		w.DisabledAt = wire.Ptr(m.Person.DisabledAt.UTC())
	}
	return w
}

func (a *api) ChangePerson(ctx context.Context, request ChangePersonRequestObject) (ChangePersonResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	changed, err := a.Accounts.ChangePerson(ctx, person(ctx), accounts.PersonID(request.PersonId), accounts.Change{
		Disabled: request.Body.Disabled, Administrator: request.Body.Administrator,
	})
	if err != nil {
		return nil, err
	}
	seen, err := a.Accounts.Managed(ctx, changed.ID)
	if err != nil {
		return nil, err
	}
	return ChangePerson200JSONResponse(managed(seen)), nil
}

func (a *api) CreatePasswordReset(ctx context.Context, request CreatePasswordResetRequestObject) (CreatePasswordResetResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	token, expiresAt, err := a.Accounts.CreateReset(ctx, person(ctx), accounts.PersonID(request.PersonId))
	if err != nil {
		return nil, err
	}
	// The fragment of an address reaches no server and no log.
	return CreatePasswordReset201JSONResponse{Url: callOf(ctx).origin + "/reset#token=" + token, ExpiresAt: expiresAt.UTC()}, nil
}

func (a *api) UsePasswordReset(ctx context.Context, request UsePasswordResetRequestObject) (UsePasswordResetResponseObject, error) {
	c := callOf(ctx)
	if err := a.limits.setup.take(c.address); err != nil {
		return nil, err
	}
	in, err := a.Accounts.UseReset(ctx, request.Body.Token, request.Body.NewPassword, c.userAgent)
	if err != nil {
		return nil, err
	}
	return UsePasswordReset201JSONResponse{session(ctx, in)}, nil
}

func (a *api) ListAllRooms(ctx context.Context, request ListAllRoomsRequestObject) (ListAllRoomsResponseObject, error) {
	search, cursor, limit := page(request.Params.Search, request.Params.Cursor, request.Params.Limit)
	all, next, err := a.Rooms.All(ctx, search, cursor, limit)
	if err != nil {
		return nil, err
	}
	list := ListAllRooms200JSONResponse{Rooms: make([]wire.ManagedRoom, len(all)), Next: some(next)}
	for i, m := range all {
		r := m.Room
		list.Rooms[i] = wire.ManagedRoom{
			Id: r.ID.UUID(), Slug: r.Slug, Title: r.Title, Privacy: r.Privacy, HasPassword: r.HasPassword, Owner: r.Owner, CreatedAt: r.CreatedAt.UTC(),
			UsedAt: m.UsedAt.UTC(), Members: m.Members, Messages: m.Messages, People: a.Hub.People(r.ID), BrowserState: a.Browsers.State(r.ID).State,
		}
	}
	return list, nil
}

func (a *api) ListBrowsers(ctx context.Context, request ListBrowsersRequestObject) (ListBrowsersResponseObject, error) {
	search, cursor, limit := page(request.Params.Search, request.Params.Cursor, request.Params.Limit)
	running, unknown := a.Browsers.All(ctx)
	list := ListBrowsers200JSONResponse{Browsers: []wire.ManagedBrowser{}}
	if unknown != nil {
		a.Log.WarnContext(ctx, "what the browsers take is not known", "error", unknown)
		list.Trouble = wire.Ptr("What the browsers take could not be measured; the server's log says why.")
	}
	past := cursor == ""
	for _, m := range running {
		if !past {
			past = m.ID.String() == cursor
			continue
		}
		w := wire.ManagedBrowser{Id: m.ID, State: m.State, StartedBy: m.StartedBy, StartedAt: m.StartedAt.UTC()}
		if m.Measured {
			w.Memory = &m.Memory
		}
		if m.Rated {
			w.Cpu = wire.Ptr(float32(m.CPU))
		}
		names := ""
		if m.Room.IsZero() {
			w.Waits = wire.Ptr(true)
		} else {
			w.Room, w.People = &wire.AuditRoom{Id: m.Room.UUID()}, a.Hub.People(m.Room)
			if r, err := a.Rooms.ByID(ctx, m.Room); err == nil { // one that was just deleted has no name any more
				w.Room.Title, w.Room.Slug = &r.Title, &r.Slug
				names = r.Title + " " + r.Slug + " " + r.Owner.DisplayName
			}
		}
		if m.StartedBy != nil {
			names += " " + m.StartedBy.DisplayName
		}
		if !strings.Contains(strings.ToLower(names), strings.ToLower(search)) {
			continue
		}
		if len(list.Browsers) == limit {
			list.Next = wire.Ptr(list.Browsers[limit-1].Id.String())
			break
		}
		list.Browsers = append(list.Browsers, w)
	}
	return list, nil
}

// KillBrowser writes the act down before it is done: what can't be written down is not done.
func (a *api) KillBrowser(ctx context.Context, request KillBrowserRequestObject) (KillBrowserResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	running, _ := a.Browsers.All(ctx)
	for _, m := range running {
		if m.ID != request.BrowserId {
			continue
		}
		line := audit.Line{At: a.Now(), Person: person(ctx).ID.UUID(), Room: m.Room.UUID(), Action: "browser.killed", Detail: map[string]any{"browser": m.ID}}
		if m.StartedBy != nil {
			line.Target = m.StartedBy.Id
		}
		if err := a.Accounts.Record(ctx, line); err != nil {
			return nil, err
		}
		if err := a.Browsers.Kill(m.ID); err != nil {
			return nil, err
		}
		return KillBrowser204Response{}, nil
	}
	return nil, wire.Errorf(wire.ErrorCodeBrowserNotRunning, "This browser has ended already.")
}

func (a *api) GetSettings(context.Context, GetSettingsRequestObject) (GetSettingsResponseObject, error) {
	return GetSettings200JSONResponse(a.Settings.Wire()), nil
}

func (a *api) ChangeSettings(ctx context.Context, request ChangeSettingsRequestObject) (ChangeSettingsResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	changed, err := a.Settings.Change(ctx, person(ctx).ID.UUID(), request.Body.Revision, request.Body.Chosen)
	if err != nil {
		return nil, err
	}
	return ChangeSettings200JSONResponse(changed), nil
}

func signUpCode(ctx context.Context, c accounts.SignUpCode) wire.SignUpCode {
	w := wire.SignUpCode{Id: c.ID, Code: c.Code, Url: callOf(ctx).origin + "/sign-up#code=" + c.Code, Note: c.Note, Uses: c.Uses, CreatedAt: c.CreatedAt.UTC()}
	if c.MaxUses > 0 {
		w.MaxUses = &c.MaxUses
	}
	if !c.ExpiresAt.IsZero() {
		w.ExpiresAt = wire.Ptr(c.ExpiresAt.UTC())
	}
	return w
}

func (a *api) ListSignUpCodes(ctx context.Context, request ListSignUpCodesRequestObject) (ListSignUpCodesResponseObject, error) {
	search, cursor, limit := page(request.Params.Search, request.Params.Cursor, request.Params.Limit)
	codes, next, err := a.Accounts.SignUpCodes(ctx, search, cursor, limit)
	if err != nil {
		return nil, err
	}
	list := ListSignUpCodes200JSONResponse{Codes: make([]wire.SignUpCode, len(codes)), Next: some(next)}
	for i, c := range codes {
		list.Codes[i] = signUpCode(ctx, c)
	}
	return list, nil
}

func (a *api) CreateSignUpCode(ctx context.Context, request CreateSignUpCodeRequestObject) (CreateSignUpCodeResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	b := request.Body
	code, err := a.Accounts.CreateSignUpCode(ctx, person(ctx), value(b.Note), value(b.MaxUses), time.Duration(value(b.ExpiresIn))*time.Second)
	if err != nil {
		return nil, err
	}
	return CreateSignUpCode201JSONResponse(signUpCode(ctx, code)), nil
}

func (a *api) RevokeSignUpCode(ctx context.Context, request RevokeSignUpCodeRequestObject) (RevokeSignUpCodeResponseObject, error) {
	if err := a.Accounts.RevokeSignUpCode(ctx, person(ctx), request.CodeId); err != nil {
		return nil, err
	}
	return RevokeSignUpCode204Response{}, nil
}

func (a *api) ShowNotice(ctx context.Context, request ShowNoticeRequestObject) (ShowNoticeResponseObject, error) {
	if err := a.limits.writes.take(person(ctx).ID.String()); err != nil {
		return nil, err
	}
	text := accounts.CleanLine(request.Body.Text)
	if text == "" {
		return nil, invalidFields([]wire.FieldProblem{{Field: "text", Detail: "needs something that can be seen"}})
	}
	level := wire.NoticeLevelInfo
	if request.Body.Level != nil {
		level = *request.Body.Level
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	notice, err := a.Notices.Put(ctx, person(ctx).ID.UUID(), text, level, time.Duration(value(request.Body.ExpiresIn))*time.Second)
	if err != nil {
		return nil, err
	}
	a.tellNotice(ctx)
	return ShowNotice200JSONResponse(*notice), nil
}

func (a *api) EndNotice(ctx context.Context, _ EndNoticeRequestObject) (EndNoticeResponseObject, error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := a.Notices.End(ctx, person(ctx).ID.UUID()); err != nil {
		return nil, err
	}
	a.tellNotice(ctx)
	return EndNotice204Response{}, nil
}

// tellNotice shows the rooms the notice that holds: read again, so that of two changes at once all see the same.
func (a *api) tellNotice(ctx context.Context) {
	a.noticeMu.Lock()
	defer a.noticeMu.Unlock()
	current, err := a.Notices.Current(ctx)
	if err != nil { // pages look by themselves before long
		a.Log.WarnContext(ctx, "a changed notice could not be read", "error", err)
		return
	}
	a.Hub.ShowNotice(current)
}

func (a *api) ListAudit(ctx context.Context, request ListAuditRequestObject) (ListAuditResponseObject, error) {
	p := request.Params
	w := audit.Query{Person: p.Person, Room: p.Room, Action: value(p.Action), Since: p.Since, Until: p.Until}
	var cursor string
	w.Search, cursor, w.Limit = page(p.Search, p.Cursor, p.Limit)
	if cursor != "" {
		before, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil || before < 1 {
			return nil, invalidFields([]wire.FieldProblem{{Field: "cursor", Detail: "is not one that a page before gave"}})
		}
		w.Before = before
	}
	lines, next, err := a.Accounts.Audit(ctx, w)
	if err != nil {
		return nil, err
	}
	list := ListAudit200JSONResponse{Lines: lines}
	if next > 0 {
		list.Next = wire.Ptr(strconv.FormatInt(next, 10))
	}
	return list, nil
}
