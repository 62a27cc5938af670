"""The commented configuration that `removalwatch init` writes; config.example.yaml is the same text."""

from __future__ import annotations

_TEXT = """\
# removalwatch configuration. Every key is optional but `sources`; what stands here in comments is the default.
# Each key can also be set by a variable: REMOVALWATCH_WEB__PORT=9000 for web.port.
# A secret may be written as file:/path/to/file, and its content is used.

# What is watched. `name`, `platform` and `purpose` are always needed; the other keys belong to the platform.
sources:
  - name: my-blog
    platform: isso
    # Why you keep people's words: your basis for doing so, shown in every digest of this source.
    purpose: moderation of our own comment section
    # Seconds between two collections.
    every: 300
    # Requests a day for collection, looks and canaries together; when they run short, looks become rarer, and what
    # proves an absence or closes a horizon goes first. Without it, `looks` below is all that limits them.
    # budget: 10000
    url: https://comments.example.org
    threads:
      - /2026/an-article/
      - /2026/another-one/

# Rules that flag comments; without this key the rules that come with the program.
# rules: rules.yaml

# Where everything is kept (relative to this file), and the database: empty is SQLite in data_dir.
# data_dir: data
# database: postgresql://user:password@host/removalwatch

# auto: use redis-server or valkey-server if this machine has one; none: run jobs in this process; or a URL.
# redis: auto
# A Redis on another machine needs TLS (rediss://) and a password, unless you say that you know better.
# allow_insecure_redis: false

# Who is followed, for how many days, and with how many looks per comment over that time.
# follow:
#   panel: 0.02        # share of all comments that is followed whatever the rules say
#   controls: 1        # matched unflagged comments per flagged one
#   match: thread      # a control is of the same thread where there is one; author: always of the same author
#   days: 30
#   looks: 30
#   goal: delay        # least mean delay; or within: notice as many as possible within `minutes`
#   minutes: 60

# alerts:
#   terminal: true
#   slack:
#     - name: slack
#       webhook_url: file:/run/secrets/slack
#   telegram:
#     - name: telegram
#       bot_token: file:/run/secrets/telegram
#       chat_id: "-1001234567890"
#       api_url: https://api.telegram.org
#   disappeared_from: probable   # or suspected (sooner, more often wrong) or confirmed (later)
#   matches: false               # true: an alert for every flagged comment

# The week's digest: when it is due.
# digest:
#   weekday: monday
#   hour: 7
#   timezone: UTC

# /healthz, /readyz and /metrics, on this machine only unless you name another address.
# web:
#   host: 127.0.0.1
#   port: 8080
#   allowed_hosts: []

# Worker processes; 0 leaves that work to `removalwatch worker` on another machine.
# workers:
#   recheck: 2
#   alerts: 1

# Manners: an address for the people who run the sites, seconds between two requests to one host,
# and private networks that may be asked although they are not public.
# http:
#   contact: watcher@example.org
#   interval: 1.0
#   allow_networks: []

# log_level: info
"""


def text() -> str:
    """Return the commented configuration."""
    return _TEXT
