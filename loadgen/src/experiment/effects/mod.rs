//! What the runs of an experiment tell. Pure.
