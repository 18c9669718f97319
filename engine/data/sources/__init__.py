"""One file per data source; files that begin with an underscore hold what several share."""
