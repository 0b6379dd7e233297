//! Images: their kind and their size.

use imagesize::{ImageType, blob_size, image_type};

use super::{Decoded, Description, Failure};
use crate::wire::Kind;

/// PNG, JPEG, GIF and WebP.
pub const IMAGE: Description = Description {
    name: "image",
    title: "image",
    kind: Kind::Binary,
    is_sign: Some(|payload| image_type(payload).is_ok()),
    decode,
};

fn decode(payload: &[u8]) -> Result<Decoded, Failure> {
    let name = match image_type(payload) {
        Ok(ImageType::Png) => "PNG",
        Ok(ImageType::Jpeg) => "JPEG",
        Ok(ImageType::Gif) => "GIF",
        Ok(ImageType::Webp) => "WebP",
        _ => return Err("none of PNG, JPEG, GIF and WebP begins so, at byte 0".into()),
    };
    let size = blob_size(payload)
        .map_err(|_| Failure::Broken(format!("it ends before its size, at byte {}", payload.len())))?;
    Ok(format!("{name}, {} x {} pixels", size.width, size.height).into())
}
