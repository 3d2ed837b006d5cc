"""Metrics for Prometheus; labels are vendors, accounts and outcomes, never people."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one process, in a registry of their own."""

    registry: CollectorRegistry
    lookups: Counter
    lookup_seconds: Histogram
    findings: Counter
    tickets: Counter
    webhooks: Counter
    unfurls: Counter
    panes: Counter
    replays: Counter
    watches: Counter
    desk_notes: Counter
    refusals: Counter
    open_jobs: Gauge
    quota_left: Gauge

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)


def make_metrics() -> Metrics:
    """New metrics, all at zero; what alerts watch is there from the start, or they would miss the first."""
    registry = CollectorRegistry()
    metrics = Metrics(
        registry,
        Counter("casefile_lookups", "Lookups by how they ended", ["outcome"], registry=registry),
        Histogram("casefile_lookup_seconds", "From accepting to the last edit", registry=registry),
        Counter("casefile_findings", "What sources said", ["source", "state"], registry=registry),
        Counter("casefile_tickets", "Tickets by what was done about them", ["outcome"], registry=registry),
        Counter("casefile_raygun_webhooks", "Raygun's webhooks by event", ["event"], registry=registry),
        Counter("casefile_unfurls", "Pasted addresses by what came of them", ["outcome"], registry=registry),
        Counter("casefile_panes", "Cards' side panes by what came of them", ["outcome"], registry=registry),
        Counter("casefile_replays", "Replays by what came of them", ["outcome"], registry=registry),
        Counter("casefile_watches", "What watched threads were told", ["outcome"], registry=registry),
        Counter("casefile_desk_notes", "Notes in help desks", ["outcome"], registry=registry),
        Counter(
            "casefile_refusals", "Requests that were refused, by why", ["reason", "way"], registry=registry
        ),
        Gauge("casefile_open_jobs", "Requests that are still owed an answer", registry=registry),
        Gauge("casefile_quota_left", "Calls an account has left", ["source"], registry=registry),
    )
    for counter in (metrics.lookups, metrics.tickets):
        counter.labels("failed")
    metrics.lookups.labels("answered")
    return metrics
