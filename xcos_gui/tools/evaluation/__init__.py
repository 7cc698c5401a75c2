"""A published protocol's figures and the pairs behind them."""
