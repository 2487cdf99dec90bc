// Package web has the built web app, for the server to serve: embedded where it was built with the tag embedweb, as make does, else
// from the folder web/dist on disk, so that Go code can be checked and tested without a build of the pages.
package web
