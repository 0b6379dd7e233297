//! The operating system: descriptors, poll(2), signals, terminal modes, permissions. Only this room uses what only Unix
//! has. A port to another system changes files in this room and in no other.

mod descriptor;
mod file_aside;
mod files;
mod own_files;
mod pipe;
mod poller;
mod process;
mod signal_thread;
mod signals;
mod sockets;
mod standard_streams;
mod terminal_mode;
mod threads;
mod unix_socket;
mod whole_file;

pub use descriptor::{Descriptor, is_out_of_descriptors};
pub use file_aside::{FileAside, Readers};
pub use files::{
    FileKind, has_no_reader, is_at, is_readable_by_others, kind_at, open_own_file, open_regular_file, overwrite,
    private_file, private_folder, private_program,
};
pub use own_files::{create_secret_file, keep_file, read_secret_file};
pub use pipe::{wait_until_writable, widen};
pub use poller::{Notifier, Poller, Wakeup};
pub use process::{interrupt, is_started_by_session_leader, suspend};
pub use signal_thread::{SeenSignal, watch_signals};
pub use signals::{Signal, Signals};
pub use sockets::{is_under_way, reset_when_closed, wait_until_any_is_readable, wait_until_any_is_writable};
pub use standard_streams::{Stdin, is_readable, lead_to_same_file};
pub use terminal_mode::{
    CtrlC, SpecialKeys, TerminalModes, is_in_foreground, is_stdin_in_background, is_terminal_gone, is_writable_within,
    open_terminal, wait_for_foreground, write_within,
};
pub use threads::thread_for_messages;
pub use unix_socket::{SocketFile, UnixAddress, UnixListener, UnixStream};
pub use whole_file::{read_all, read_at_most, read_file, read_text_file};
