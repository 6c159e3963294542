"""`python -m dapp_model` is `dapp`."""

from dapp_model.entry import main

raise SystemExit(main())
