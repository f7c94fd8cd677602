"""How fast Heed is: run by `manage.py bench`, in a scratch database, as ratios within one run."""
