"""Stand-in for feedback."""

from deploy.local.tests.standins.server import main

main()
