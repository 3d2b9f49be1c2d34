"""Compatibility: what a change of a schema breaks, with a value that shows it.

- In and out: `revisions` (files, folders, git) and `report`; `changes` are what is told.
- Doors: `schemas` for one, `contracts` for all definitions, with `directions`, `branches`, `uses`,
  `lifecycles`, `versions`. Both go through `comparing`, which asks in both directions at once.
- The question: `inclusion` takes a schema apart, `keywords` has the rule of each (`scalars`,
  `objects`, `arrays`, `unions`), and what is not proven becomes one of the `causes`.
- What rules ask: `views` (what schemas say together), `equality`, `strings` over `languages` of
  `automata` of `expressions`, and the `engines` of each of the `sides` (`loading`, `dialects`).
- A cause is shown by `witnesses`, made of `hints`, weighed by `privacy`, and told in `wording`.
"""
