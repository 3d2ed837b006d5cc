"""Sentry: a person's replays and errors, by its public API (`docs/contracts/sentry.md`)."""
