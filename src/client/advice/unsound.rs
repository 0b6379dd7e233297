//! What to do about a connection that came about, and with which something is wrong.

use crate::diagnosis::Unsound;

/// The next thing to try.
pub(super) fn advice(cause: &Unsound) -> String {
    let text = match cause {
        Unsound::DeadAddress { address } => {
            return format!(
                "have `{address}` answer, or take it out of the name's records: each client waits for it first; `-4` and \
                 `-6` leave one family out"
            );
        }
        Unsound::SlowAddress { address } => {
            return format!(
                "each client waits for `{address}` before it tries another: see that it answers; `-4` and `-6` leave one \
                 family out"
            );
        }
        Unsound::CertificateOfAddress { address } => {
            return format!(
                "have the server at `{address}` load the certificate that the others have; `--resolve` chooses an address \
                 meanwhile"
            );
        }
        Unsound::Http2OfferFails => {
            "browsers and many libraries offer both: have the server, or what ends TLS before it, choose one of them"
        }
        Unsound::NotVerified => "`-k` goes on all the same: without it nothing would be sent to this server",
        Unsound::ExpiresSoon { .. } => "renew the certificate, and see that the server loads the new one",
        Unsound::TokenExpired { .. } => "get a new token, and give it with `--bearer`",
        Unsound::NoSubprotocol => {
            "have the server choose one, and each proxy pass `Sec-WebSocket-Protocol` on; `--subprotocol` offers another"
        }
        Unsound::ClosedAtOnce { code, .. } => closed(*code),
        Unsound::EndedAtOnce { .. } => {
            "the server, or something in between, took the upgrade and dropped the connection: its log may say why"
        }
        Unsound::BytesBehindUpgrade => {
            "the server, or a proxy before it, writes a body or a second response behind the 101: only frames may follow it"
        }
        Unsound::MaskedFrames => {
            "the server uses code of a client's: a server must not mask; `--lenient` reports it and goes on"
        }
        Unsound::BrokenCompression => {
            "a proxy may change what passes, or the server compresses wrongly; `--no-deflate` does without"
        }
        Unsound::CompressionNotAgreed => {
            "a proxy may drop `Sec-WebSocket-Extensions` from the response: have it pass that on; or the server's library \
             compresses unasked; `--no-deflate` offers no compression"
        }
        Unsound::CompressionFails => {
            "the server's library, or a proxy that looks into the frames, agrees on permessage-deflate and gets it wrong: \
             update it, or switch its compression off; `--no-deflate` does without"
        }
        Unsound::BrokenFrames => "`--frames --hex` shows the bytes; `--lenient` goes on where that is possible",
        Unsound::OverLimit => "no rule of the protocol is broken: `--max-message` sets how large a message may be",
        Unsound::NoPong => "every WebSocket has to answer a ping: a proxy may swallow it, or the server hangs",
        Unsound::NoAnswer => "the server may answer nothing of this kind, or not so soon",
        Unsound::NoCloseReply => "the server drops connections without a reply to Close: clients see 1006",
    };
    text.to_owned()
}

/// What a close code means, and what follows.
fn closed(code: u16) -> &'static str {
    match code {
        1000 | 1001 | 1005 => {
            "the server has nothing to say at this path, or closes what it does not know: check the path"
        }
        1002 | 1007 => "the server takes what we sent for a breach of the protocol: its log may say of which rule",
        1003 => "the server takes no data of this kind",
        1008 | 3000 | 3003 | 4001 | 4003 | 4009 | 4401 | 4403 => {
            "the server wants credentials (`--bearer`, `--cookie`, `--user`, or a token in the URL), or an Origin that it \
             allows (`--origin`)"
        }
        1009 => "a message was larger than the server takes",
        1010 => "the server insists on an extension that was not offered",
        1011 | 1014 | 4500 => "the server failed, or what it needs did: its log says why",
        1012 | 1013 => "the server restarts or is too busy: try again later",
        4406 => "offer the subprotocol that the server speaks: `-s graphql-transport-ws`",
        3008 | 4408 | 4008 => "the server waits for a first message that it did not get in time",
        _ => "the code is the application's own: its documentation says what it means",
    }
}
