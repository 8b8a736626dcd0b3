"""One Friday in Chơn Thành: nine units, some hundreds of dossiers, all three services."""
