//! A client and a server of our own, under any schedule, end in closing states that agree.

use proptest::collection::vec;
use proptest::prelude::*;
use wscope::wire::{
    By, Close, CloseCode, Closing, Event, MaskSource, Observe, Outgoing, Receiver, ReceiverOptions, Role, SendError,
    Sender, SenderOptions,
};

/// One end, and what it has written that the other has not read.
struct End {
    sender: Sender,
    receiver: Receiver,
    closing: Closing,
    outbox: Vec<u8>,
    received: usize,
    sent: usize,
}

impl End {
    fn new(role: Role) -> Self {
        Self {
            sender: Sender::new(SenderOptions { role, mask: MaskSource::Random, fragment: None, deflate: None }),
            receiver: Receiver::new(ReceiverOptions {
                role,
                max_message: 1000,
                stream_binary_above: None,
                lenient: false,
                deflate: None,
                observe: Observe::Nothing,
            }),
            closing: Closing::default(),
            outbox: Vec::new(),
            received: 0,
            sent: 0,
        }
    }

    fn say_something(&mut self) {
        match self.sender.send(Outgoing::Text("something"), &mut self.outbox) {
            Ok(()) => self.sent += 1,
            Err(error) => assert_eq!((error, self.closing.ours().is_some()), (SendError::Closed, true)),
        }
    }

    fn close(&mut self, close: Close<'_>) {
        if self.closing.ours().is_none() {
            self.sender
                .send(Outgoing::Close(close.code.map(|code| (code, ""))), &mut self.outbox)
                .expect("a Close that may be sent");
            self.closing.sent(close);
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.receiver.feed(bytes);
        while let Some(event) = self.receiver.next() {
            match event {
                Event::Message { .. } => self.received += 1,
                Event::Close(close) => self.closing.received(close),
                other => panic!("{other:?}"),
            }
        }
        if let Some(reply) = self.closing.reply() {
            self.close(reply);
        }
    }
}

/// What happens next, at or towards one of the ends.
#[derive(Debug, Clone)]
enum Step {
    SaySomething,
    Close(Option<u16>),
    /// So many bytes of what the other end has written arrive.
    Arrive(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::SaySomething),
        1 => proptest::option::of(prop_oneof![Just(1000), Just(1001), 3000..5000_u16]).prop_map(Step::Close),
        6 => (0..40_usize).prop_map(Step::Arrive),
    ]
}

fn take(step: &Step, end: &mut End, other: &mut End) {
    match *step {
        Step::SaySomething => end.say_something(),
        Step::Close(code) => end.close(Close { code: code.map(CloseCode::from), reason: b"" }),
        Step::Arrive(count) => {
            let bytes: Vec<u8> = other.outbox.drain(..count.min(other.outbox.len())).collect();
            end.read(&bytes);
        }
    }
}

proptest! {
    #[test]
    fn both_ends_agree(steps in vec((any::<bool>(), step()), 0..60)) {
        let (mut client, mut server) = (End::new(Role::Client), End::new(Role::Server));
        for (is_client, step) in &steps {
            if *is_client {
                take(step, &mut client, &mut server);
            } else {
                take(step, &mut server, &mut client);
            }
        }
        client.close(Close { code: Some(CloseCode::Normal), reason: b"" });
        for _ in 0..2 {
            take(&Step::Arrive(usize::MAX), &mut server, &mut client);
            take(&Step::Arrive(usize::MAX), &mut client, &mut server);
        }
        prop_assert!(client.closing.is_done() && server.closing.is_done());
        prop_assert_eq!(client.closing.ours(), server.closing.peers());
        prop_assert_eq!(client.closing.peers(), server.closing.ours());
        let firsts = (client.closing.first(), server.closing.first());
        prop_assert_ne!(firsts, (Some(By::Peer), Some(By::Peer)));
        prop_assert_eq!((client.received, server.received), (server.sent, client.sent));
    }
}
