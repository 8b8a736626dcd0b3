"""How notices are carried: into files, by mail, to a gateway for SMS or Zalo."""
