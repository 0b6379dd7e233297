//! Messages for eyes: escaped, prefixed, and no line of one message to be taken for another.

use crate::output::escape;

/// Appends a text message whose first line follows a prefix that is `indent` columns wide, and a line end.
///
/// Further lines are indented as far, so that a peer can't make one message look like two.
pub fn write(output: &mut Vec<u8>, payload: &[u8], indent: usize) {
    for (number, line) in payload.split(|&byte| byte == b'\n').enumerate() {
        if number > 0 {
            output.push(b'\n');
            output.resize(output.len() + indent, b' ');
        }
        escape::text(output, line);
    }
    output.push(b'\n');
}
