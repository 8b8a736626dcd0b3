"""Stand-in for deadline."""

from deploy.local.tests.standins.server import main

main()
