"""Graph v1.0 over HTTP: routes, permissions, OData options and answers for one Exchange."""
