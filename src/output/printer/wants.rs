//! What follows from the options of a printer: which events it wants, and which messages it shows.

use crate::event::{Detail, Directions, Messages, Texts, Wants};
use crate::output::options::{DataFormat, Extent, FollowSent, FrameView, Options, Perspective, View};

impl Options {
    /// What a printer with these options wants to see.
    ///
    /// A terminal shows the first bytes of a large binary message when its last part has come, so that parts are enough.
    pub(super) fn wants(&self) -> Wants {
        let follows_sent = self.follow_sent != FollowSent::WhenShown || self.shows_sent();
        Wants {
            directions: if follows_sent { Directions::Both } else { Directions::Received },
            messages: match self.format {
                // The parts of two directions, or of two connections, must not be mixed.
                _ if self.is_between() || self.selects() => Messages::Whole,
                DataFormat::Text | DataFormat::Raw | DataFormat::None => Messages::InParts,
                DataFormat::Hex | DataFormat::Base64 | DataFormat::Json => Messages::Whole,
            },
            texts: match self.frames {
                _ if self.selects() => Texts::OneByOne,
                FrameView::Lines | FrameView::Hex if self.extent == Extent::Events => Texts::OneByOne,
                _ => Texts::InBulk,
            },
            detail: match self.frames {
                FrameView::Hidden => Detail::Messages,
                FrameView::Lines => Detail::Frames,
                FrameView::Hex => Detail::Bytes,
            },
        }
    }

    /// Whether of messages that are received nothing but payload and delimiter is shown: the fast path.
    pub(super) fn is_bare(&self) -> bool {
        self.perspective == Perspective::End
            && self.format == DataFormat::Text
            && self.view == View::Exact
            && self.timestamps.is_none()
            && !self.pretty
            && !self.selects()
    }

    /// Whether messages are looked at before they are shown.
    pub(super) fn selects(&self) -> bool {
        !self.filters.is_empty() || self.jq.is_some()
    }

    /// Whether messages are set for a person at a terminal.
    pub(super) fn is_for_people(&self) -> bool {
        self.format == DataFormat::Text && self.view == View::Terminal
    }

    /// Whether the messages of both directions are data.
    pub(super) fn is_between(&self) -> bool {
        self.perspective == Perspective::Between
    }

    /// Whether people see what was sent: with its time, or where it was not typed.
    pub(super) fn shows_sent_to_people(&self) -> bool {
        self.is_for_people() && (self.timestamps.is_some() || self.follow_sent == FollowSent::Shown)
    }

    /// Whether messages that are sent are shown.
    pub(super) fn shows_sent_messages(&self) -> bool {
        self.shows_sent_to_people() || self.is_between() || self.format == DataFormat::Json
    }

    /// Whether events of what is sent are shown.
    pub(super) fn shows_sent(&self) -> bool {
        self.shows_sent_messages() || self.ping_pong || self.frames > FrameView::Hidden
    }
}
