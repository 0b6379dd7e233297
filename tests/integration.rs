//! The built program, driven from outside against real sockets.
