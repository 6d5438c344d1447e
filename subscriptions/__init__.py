"""Root fields of Subscription, the hub that fans live events out, and the process bridge."""
