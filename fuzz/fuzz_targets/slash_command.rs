//! A line at the prompt, alone and as a script: understood or refused, and a frame goes out with what it was given.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wscope::input::payload::Payload;
use wscope::input::slash::{self, Command, Line};
use wscope::input::{Script, Variables};
use wscope::wire::{MaskSource, Outgoing, Role, Sender, SenderOptions};

fuzz_target!(|text: &str| {
    let variables = Variables::new(|_| None);
    let _ = Script::parse("script", text, &variables);
    let Ok(line) = slash::parse(text) else { return };
    match line {
        Line::Empty => assert!(text.is_empty()),
        Line::Text(message) => assert!(text == message || text == format!("/{message}")),
        Line::Command(Command::Frame(header, Payload::Bytes(payload))) => {
            let options = SenderOptions { role: Role::Client, mask: MaskSource::Random, fragment: None, deflate: None };
            let mut wire = Vec::new();
            if Sender::new(options).send(Outgoing::Frame(header, &payload), &mut wire).is_ok() {
                assert!(wire.len() >= 2 + payload.len());
            }
        }
        Line::Command(_) => assert!(text.starts_with('/')),
    }
});
