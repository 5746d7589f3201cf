//! What `--format` takes: a format, and the file that it is for.

use clap::builder::{EnumValueParser, PossibleValue, StringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error, ValueEnum};
use std::ffi::OsStr;
use std::marker::PhantomData;
use std::path::PathBuf;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// One page for a browser, to filter and sort, with all evidence.
    Html,
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

/// How what changed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// For a comment on a pull request, or the summary of a job.
    Markdown,
    /// Annotations in the log of a GitHub Actions job.
    Github,
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
pub struct FormatOption<F> {
    /// How the report is written.
    pub format: F,
    /// Where it goes; where `--output` says, if none is named. `-` is standard output.
    pub file: Option<PathBuf>,
}

/// A format as the command line spells it.
pub trait Spelled {
    /// `json`
    fn id(&self) -> String;
}

impl<F: ValueEnum> Spelled for F {
    fn id(&self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Reads a [`FormatOption`]. Help and completions list the formats, as they would without files.
#[derive(Debug, Clone, Copy, Default)]
pub struct FormatOptionParser<F>(PhantomData<fn() -> F>);

impl<F> FormatOptionParser<F> {
    /// The only one.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F: ValueEnum + Clone + Send + Sync + 'static> TypedValueParser for FormatOptionParser<F> {
    type Value = FormatOption<F>;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Self::Value, Error> {
        let text = StringValueParser::new().parse_ref(command, arg, value)?;
        let (name, file) = text.split_once('=').map_or((&*text, None), |(name, file)| (name, Some(file)));
        let format = EnumValueParser::<F>::new().parse_ref(command, arg, OsStr::new(name))?;
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
        Some(Box::new(F::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}
