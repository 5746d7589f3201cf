//! Lines of a page: wrapped, aligned, coloured, and safe to print whatever a file's name holds.

use super::Layout;
use crate::report::visible::visible;
use anstyle::{AnsiColor, Style};
use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter};

/// What a colour stands for. Without colours they all look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    Bad,
    Warning,
    Unknown,
    Good,
    Strong,
    Faint,
    Help,
    Plain,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Unknown => AnsiColor::Magenta.on_default(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Help => AnsiColor::Cyan.on_default(),
            Self::Plain => Style::new(),
        }
    }
}

/// A page that is being written.
pub(in crate::report) struct Page {
    text: String,
    coloured: bool,
    width: usize,
}

impl Page {
    pub(in crate::report) fn new(layout: &Layout) -> Self {
        Self { text: String::new(), coloured: layout.coloured, width: layout.width }
    }

    /// Text from a column on, wrapped between words: further lines start two columns later. Nothing is cut, so
    /// that paths and symbols can be copied.
    pub(in crate::report) fn paragraph(&mut self, column: usize, tone: Tone, text: &str) {
        let (first, further) = (" ".repeat(column), " ".repeat(column + 2));
        let options = Options::new(self.width)
            .initial_indent(&first)
            .subsequent_indent(&further)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(&visible(text), options) {
            let words = line.trim_start_matches(' ');
            let margin = line.len() - words.len();
            self.text.push_str(&line[..margin]);
            self.styled(tone, words);
            self.text.push('\n');
        }
    }

    /// Cells of a line, each padded to its width and two columns apart.
    pub(in crate::report) fn cells(&mut self, cells: &[(Tone, &str, usize)]) {
        for (index, (tone, text, width)) in cells.iter().enumerate() {
            let text = visible(text);
            self.styled(*tone, &text);
            if index + 1 < cells.len() {
                self.text.push_str(&" ".repeat(width.saturating_sub(display_width(&text)) + 2));
            }
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// An empty line.
    pub(in crate::report) fn gap(&mut self) {
        self.text.push('\n');
    }

    pub(in crate::report) fn finish(self) -> String {
        self.text
    }

    fn styled(&mut self, tone: Tone, text: &str) {
        if self.coloured && !text.is_empty() {
            let style = tone.style();
            let parts = [style.render().to_string(), text.to_owned(), style.render_reset().to_string()];
            self.text.extend(parts);
        } else {
            self.text.push_str(text);
        }
    }
}

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    display_width(&visible(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize, coloured: bool) -> Page {
        Page::new(&Layout { coloured, width, ..Layout::plain() })
    }

    #[test]
    fn words_are_wrapped_and_never_cut() {
        let mut page = page(20, false);
        page.paragraph(4, Tone::Plain, "one two three four a-name-longer-than-the-line.so five");
        insta::assert_snapshot!(page.finish(), @r"
        one two
          three four
          a-name-longer-than-the-line.so
          five
        ");
    }

    #[test]
    fn cells_are_aligned_by_columns() {
        let mut page = page(80, false);
        page.cells(&[(Tone::Bad, "模块", 6), (Tone::Plain, "x", 1), (Tone::Plain, "", 3)]);
        page.cells(&[(Tone::Bad, "module", 6), (Tone::Plain, "y", 1)]);
        assert_eq!(page.finish(), "模块    x\nmodule  y\n");
    }

    #[test]
    fn colours_vanish_when_off() {
        let mut coloured = page(80, true);
        coloured.paragraph(2, Tone::Bad, "text");
        assert_eq!(coloured.finish(), "  \u{1b}[31mtext\u{1b}[0m\n");
    }
}
