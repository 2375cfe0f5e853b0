package msgraph

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"mfahelp/graph"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// profile is what is read of a person.
const profile = "id,userPrincipalName,displayName,mail,preferredLanguage,accountEnabled,userType"

// User returns somebody by object id or user principal name, without the roles:
// [Client.Roles] reads those.
// See https://learn.microsoft.com/graph/api/user-get.
func (c *Client) User(ctx context.Context, id string) (graph.User, error) {
	const op = "get user"
	if id = who(id); id == "" {
		return graph.User{}, invalid(op, errNoID)
	}
	u, err := get[models.Userable](ctx, c, request{
		op: op, needs: "User.Read.All", api: graph.V1,
		path: "/users/{id}", vars: map[string]string{"id": id}, query: map[string]string{"$select": profile},
		into: models.CreateUserFromDiscriminatorValue,
	})
	if err != nil {
		return graph.User{}, err
	}
	return user(u, op)
}

// Manager returns whom somebody reports to: [graph.ErrNotFound] if the directory
// does not say, or names no user.
// See https://learn.microsoft.com/graph/api/user-list-manager.
func (c *Client) Manager(ctx context.Context, id string) (graph.User, error) {
	const op = "get manager"
	if id = who(id); id == "" {
		return graph.User{}, invalid(op, errNoID)
	}
	o, err := get[models.DirectoryObjectable](ctx, c, request{
		op: op, needs: "User.Read.All", api: graph.V1,
		path: "/users/{id}/manager", vars: map[string]string{"id": id}, query: map[string]string{"$select": profile},
		into: models.CreateDirectoryObjectFromDiscriminatorValue,
	})
	if err != nil {
		return graph.User{}, err
	}
	u, ok := o.(models.Userable)
	if !ok {
		return graph.User{}, &graph.Error{Op: op, Reason: graph.ErrNotFound, Err: errors.New("the manager is no user")}
	}
	return user(u, op)
}

// user reads a person. An app that may read only the basics gets null for the
// rest, which must not pass for "a member, and disabled".
func user(u models.Userable, op string) (graph.User, error) {
	if u.GetAccountEnabled() == nil || val(u.GetId()) == "" {
		return graph.User{}, &graph.Error{Op: op, Reason: graph.ErrForbidden, Permission: "User.Read.All", Err: errors.New("only the basics are told")}
	}
	return graph.User{
		ID:       val(u.GetId()),
		UPN:      strings.ToLower(val(u.GetUserPrincipalName())),
		Name:     val(u.GetDisplayName()),
		Mail:     val(u.GetMail()),
		Language: val(u.GetPreferredLanguage()),
		Enabled:  val(u.GetAccountEnabled()),
		Guest:    guest(u),
	}, nil
}

// guest reports whether somebody signs in elsewhere. The type may be missing, and
// may be changed to Member for who is still at home in another tenant.
// See https://learn.microsoft.com/entra/external-id/user-properties.
func guest(u models.Userable) bool {
	return strings.EqualFold(val(u.GetUserType()), "Guest") || strings.Contains(strings.ToLower(val(u.GetUserPrincipalName())), "#ext#")
}

// maxGroups is how many groups one request may ask about.
const maxGroups = 20

// InGroups returns which of the groups, given by object id, somebody is in,
// directly or through others.
// See https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups.
func (c *Client) InGroups(ctx context.Context, id string, groups []string) ([]string, error) {
	const op = "check member groups"
	if id = who(id); id == "" {
		return nil, invalid(op, errNoID)
	}
	var ids []string
	for _, g := range groups {
		if g = guid(g); g == "" {
			return nil, invalid(op, errors.New("the group's id is no GUID"))
		}
		ids = append(ids, g)
	}
	var in []string
	for chunk := range slices.Chunk(ids, maxGroups) {
		body, _ := json.Marshal(map[string][]string{"groupIds": chunk}) // strings always encode
		got, err := get[models.StringCollectionResponseable](ctx, c, request{
			op: op, needs: "GroupMember.Read.All", api: graph.V1, post: body,
			path: "/users/{id}/checkMemberGroups", vars: map[string]string{"id": id},
			into: models.CreateStringCollectionResponseFromDiscriminatorValue,
		})
		if err != nil {
			return nil, err
		}
		for _, g := range got.GetValue() {
			if g = strings.ToLower(g); slices.Contains(chunk, g) {
				in = append(in, g)
			}
		}
	}
	return in, nil
}

// Ping reports whether the app can sign in and Graph answers: a token and one
// cheap request.
// See https://learn.microsoft.com/graph/api/user-list.
func (c *Client) Ping(ctx context.Context) error {
	_, err := get[models.UserCollectionResponseable](ctx, c, request{
		op: "list users", needs: "User.Read.All", api: graph.V1,
		path: "/users", query: map[string]string{"$top": "1", "$select": "id"},
		into: models.CreateUserCollectionResponseFromDiscriminatorValue,
	})
	return err
}
