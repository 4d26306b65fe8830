//! The server as its users meet it: judged by plain sockets of the standard library.
