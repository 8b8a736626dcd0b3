"""What operators look at: alerts, dashboards, and how Prometheus, Grafana and the rest are set up."""
