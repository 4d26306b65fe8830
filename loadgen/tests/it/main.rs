//! The generator as its users meet it: judged by peers whose truth is known.
