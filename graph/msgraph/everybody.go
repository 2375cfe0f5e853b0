package msgraph

import (
	"context"

	"mfahelp/graph"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Users returns everybody in the directory, guests too, without their roles. It
// is for a small tenant, such as a pretend one: a large one has a hundred
// thousand.
// See https://learn.microsoft.com/graph/api/user-list.
func (c *Client) Users(ctx context.Context) ([]graph.User, error) {
	const op = "list users"
	found, err := all[models.UserCollectionResponseable, models.Userable](ctx, c, request{
		op: op, needs: "User.Read.All", api: graph.V1,
		path: "/users", query: map[string]string{"$top": "999", "$select": profile},
		into: models.CreateUserCollectionResponseFromDiscriminatorValue,
	})
	if err != nil {
		return nil, err
	}
	people := make([]graph.User, len(found))
	for i, u := range found {
		if people[i], err = user(u, op); err != nil {
			return nil, err
		}
	}
	return people, nil
}
