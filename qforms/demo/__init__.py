"""`qforms demo`: an invented company and four days of its mail. The story is data: company.yaml, story.yaml,
clients.yaml; the days are played by the same house that `qforms run` opens."""
