"""PostHog: a person's recordings and exceptions, by its private API (`docs/contracts/posthog.md`)."""
