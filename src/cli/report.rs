//! What `--format` takes: a format, and the file that it is for.

use clap::builder::{EnumValueParser, PossibleValue, StringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error, ValueEnum};
use std::ffi::OsStr;
use std::path::PathBuf;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// The same, a record a line.
    Ndjson,
    /// For code scanning (SARIF 2.1.0).
    Sarif,
    /// For the test results of a CI system (XML).
    Junit,
    /// For a comment on a pull request, or the summary of a job.
    Markdown,
    /// Annotations in the log of a GitHub Actions job.
    Github,
    /// `GitLab`'s code quality report.
    Gitlab,
    /// For spreadsheets.
    Csv,
    /// What a badge of shields.io says.
    Badge,
}

impl Format {
    /// As the command line spells it.
    #[must_use]
    pub fn id(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// How one module's inspection is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InspectFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// `FORMAT` or `FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatOption {
    /// How the report is written.
    pub format: Format,
    /// Where it goes; where `--output` says, if none is named. `-` is standard output.
    pub file: Option<PathBuf>,
}

/// Reads a [`FormatOption`]. Help and completions list the formats, as they would without files.
#[derive(Debug, Clone, Copy)]
pub struct FormatOptionParser;

impl TypedValueParser for FormatOptionParser {
    type Value = FormatOption;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<FormatOption, Error> {
        let text = StringValueParser::new().parse_ref(command, arg, value)?;
        let (name, file) = text.split_once('=').map_or((&*text, None), |(name, file)| (name, Some(file)));
        let format = EnumValueParser::<Format>::new().parse_ref(command, arg, OsStr::new(name))?;
        if file == Some("") {
            let mut error = Error::new(ErrorKind::ValueValidation).with_cmd(command);
            let option = arg.map(ToString::to_string).unwrap_or_default();
            error.insert(ContextKind::InvalidArg, ContextValue::String(option));
            error.insert(ContextKind::InvalidValue, ContextValue::String(text.clone()));
            let hint = format!("name a file behind the `=`, such as {name}=FILE");
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
            return Err(error);
        }
        Ok(FormatOption { format, file: file.map(PathBuf::from) })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}
