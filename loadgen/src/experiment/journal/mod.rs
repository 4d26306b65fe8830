//! What must be put back, on disk before anything is changed.
