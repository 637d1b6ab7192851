"""A page and a service over HTTP: `majuscule serve`; needs ``majuscule[server]``.

Nobody imports it but who serves, so its modules may import what serving needs. Read in this
order: `settings`, `refusals`, `shapes`; `work`, `restorers`, `verbs`, `together`, `service`,
`adapting`; `description`, `metrics`, `guards`, `app`, `serving`.
"""

from __future__ import annotations
