//! The rules that a frame header alone can break (RFC 6455 sections 5.1 to 5.5, RFC 7692 section 6).

use crate::wire::{Control, Data, Header, LONGEST_CONTROL, LengthEncoding, OpCode, Role, Rule};

/// What decides, besides the header itself, which rules it breaks.
#[derive(Debug, Clone, Copy)]
pub struct HeaderContext {
    /// The role of the sender.
    pub sender: Role,
    /// permessage-deflate is in use.
    pub deflate: bool,
    /// A fragmented message is under way.
    pub in_message: bool,
}

/// Reports every rule that `header` breaks; the one after which reading cannot go on comes last.
pub fn check(header: &Header, context: HeaderContext, mut report: impl FnMut(Rule, String)) {
    check_reserved_bits(header, context, &mut report);
    match (context.sender, header.mask) {
        (Role::Server, Some(key)) => {
            report(Rule::MaskedByServer, format!("masking key {:08X}", u32::from_be_bytes(key)));
        }
        (Role::Client, None) => report(Rule::UnmaskedByClient, "mask bit is 0".to_owned()),
        _ => {}
    }
    match header.opcode {
        OpCode::Data(Data::Reserved(opcode)) | OpCode::Control(Control::Reserved(opcode)) => {
            report(Rule::ReservedOpcode, format!("opcode {opcode:#X}"));
        }
        OpCode::Data(Data::Continue) if !context.in_message => {
            report(Rule::ContinuationWithoutStart, format!("continuation of {} bytes", header.length));
        }
        OpCode::Data(Data::Text | Data::Binary) if context.in_message => {
            report(Rule::MessageInsideMessage, format!("opcode {:#X}, expected 0x0", u8::from(header.opcode)));
        }
        _ => {}
    }
    if header.is_control() {
        if !header.fin {
            report(Rule::FragmentedControl, "FIN is 0".to_owned());
        }
        if header.length > LONGEST_CONTROL as u64 {
            report(Rule::LongControl, format!("length {}", header.length));
        }
    }
    if header.length >> 63 != 0 {
        let detail = format!("length {:#018X}; where the next frame begins cannot be told any more", header.length);
        report(Rule::LengthOutOfRange, detail);
    } else if !header.is_minimal() {
        report(Rule::NonMinimalLength, format!("length {} in {} bits", header.length, bits(header)));
    }
}

fn check_reserved_bits(header: &Header, context: HeaderContext, report: &mut impl FnMut(Rule, String)) {
    let mut undefined = header.rsv;
    if context.deflate {
        undefined &= !Header::RSV1;
        let starts_message = matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary));
        if header.rsv & Header::RSV1 != 0 && !starts_message {
            report(Rule::MisplacedCompressedBit, format!("RSV1 with opcode {:#X}", u8::from(header.opcode)));
        }
    }
    if undefined != 0 {
        let names: Vec<_> = [(Header::RSV1, "RSV1"), (Header::RSV2, "RSV2"), (Header::RSV3, "RSV3")]
            .iter()
            .filter(|(bit, _)| undefined & bit != 0)
            .map(|(_, name)| *name)
            .collect();
        report(Rule::ReservedBits, names.join(", "));
    }
}

fn bits(header: &Header) -> u8 {
    match header.length_encoding {
        LengthEncoding::Seven => 7,
        LengthEncoding::Sixteen => 16,
        LengthEncoding::SixtyFour => 64,
    }
}
