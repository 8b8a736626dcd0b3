"""Stand-in for intake."""

from deploy.local.tests.standins.server import main

main()
