//! Who a certificate is for or by, as text (RFC 4514).
//!
//! Not by means of x509-cert's `Display`: that brings a table of all names that were ever given to an object identifier,
//! which is 130 KB of the program, and knows no others for what stands in certificates.

use std::fmt::Write;

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::{Encode, Tag, Tagged};
use x509_cert::name::{Name, RelativeDistinguishedName};

/// `CN=a server,O=an organization`: the most specific part first, though it stands last in the certificate.
pub(super) fn text(name: &Name) -> String {
    let parts: Vec<_> = name.as_ref().as_ref().iter().rev().map(part).collect();
    parts.join(",")
}

fn part(part: &RelativeDistinguishedName) -> String {
    let attributes: Vec<_> = part.as_ref().iter().map(attribute).collect();
    attributes.join("+")
}

/// A value without a known type or in a rare encoding is shown as it is encoded (RFC 4514 section 2.4).
fn attribute(attribute: &AttributeTypeAndValue) -> String {
    let kind = attribute.oid.to_string();
    match (short_name(&kind), string(attribute)) {
        (Some(short), Some(value)) => format!("{short}={}", escaped(value)),
        _ => format!("{kind}=#{}", data_encoding::HEXLOWER.encode(&attribute.value.to_der().unwrap_or_default())),
    }
}

/// The names of RFC 4514 section 3, and those that certificate authorities use beside them.
fn short_name(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "TITLE",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "EMAILADDRESS",
        _ => return None,
    })
}

fn string(attribute: &AttributeTypeAndValue) -> Option<&str> {
    let textual = [Tag::PrintableString, Tag::Utf8String, Tag::Ia5String, Tag::TeletexString];
    textual.contains(&attribute.value.tag()).then(|| str::from_utf8(attribute.value.value()).ok()).flatten()
}

/// RFC 4514 section 2.4: what would end a value or is lost to the eye stands behind a backslash.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (at, character) in value.char_indices() {
        let outermost = at == 0 || at + 1 == value.len();
        match character {
            '#' if at == 0 => text.push_str("\\#"),
            ' ' if outermost => text.push_str("\\ "),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(text, "\\{:02x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn a_name_is_told_as_x509_cert_would() {
        for written in [
            "CN=a server",
            "CN=www.example.org,O=Internet\\, Inc.,ST=California,C=US",
            "OU=Sales+CN=J.  Smith,DC=example,DC=net,UID=1",
            "CN=\\#1\\ ,O=\\ x,OU=\\\"a\\\\b\\+c\\;d\\<e\\>",
            "CN=Before\\0dAfter",
            "L=Zürich,STREET=Straße 1,SERIALNUMBER=7,GN=a,SN=b,TITLE=c",
            "1.3.6.1.4.1.1466.0=#04024869",
        ] {
            let name = Name::from_str(written).unwrap();
            assert_eq!(text(&name), name.to_string());
        }
    }

    #[test]
    fn an_address_for_mail_is_named() {
        let name = Name::from_str("1.2.840.113549.1.9.1=#160161").unwrap();
        assert_eq!(text(&name), "EMAILADDRESS=a");
    }
}
