//! Wheels' modules and libraries, read with as little work as that takes: the measure of `ftaudit`'s own reading.

use super::Result;
use flate2::{Decompress, FlushDecompress, Status};
use ftaudit::model::FileKind;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use zip::{CompressionMethod, ZipArchive};

/// A module or library in a wheel, and where its compressed bytes are.
pub struct Member {
    pub wheel: PathBuf,
    pub name: String,
    pub kind: FileKind,
    deflated: bool,
    start: u64,
    compressed: u64,
    pub size: usize,
}

/// What a wheel's table of contents lists.
pub fn members(wheel: &Path) -> Result<Vec<Member>> {
    let mut archive = ZipArchive::new(std::io::BufReader::new(File::open(wheel)?))?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).ok_or("no name")??.into_owned();
        let file = name.rsplit('/').next().unwrap_or_default();
        let Some(kind) = FileKind::of(file.as_bytes()) else { continue };
        let entry = archive.by_index_raw(index)?;
        members.push(Member {
            wheel: wheel.to_owned(),
            name,
            kind,
            deflated: entry.compression() == CompressionMethod::Deflated,
            start: entry.data_start().ok_or("no data")?,
            compressed: entry.compressed_size(),
            size: entry.size().try_into()?,
        });
    }
    Ok(members)
}

impl Member {
    /// Its bytes, inflated and not checked.
    pub fn read(&self) -> Result<Vec<u8>> {
        let mut file = File::open(&self.wheel)?;
        file.seek(SeekFrom::Start(self.start))?;
        let mut bytes = vec![0; self.size];
        if !self.deflated {
            file.read_exact(&mut bytes)?;
            return Ok(bytes);
        }
        let (mut file, mut chunk, mut filled) = (file.take(self.compressed), vec![0; 256 << 10], 0);
        let mut inflater = Decompress::new(false);
        loop {
            let got = file.read(&mut chunk)?;
            let status = inflater.decompress(&chunk[..got], &mut bytes[filled..], FlushDecompress::None)?;
            filled = inflater.total_out().try_into()?;
            match status {
                Status::StreamEnd if filled == self.size => return Ok(bytes),
                Status::Ok if got > 0 => {}
                _ => return Err(format!("{}: its data end early", self.name).into()),
            }
        }
    }
}
