//! What a command line or a requirements file says of indexes, as pip and uv name it.

/// Options of indexes as somebody gave them: URLs may hold credentials, so this is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IndexOptions {
    /// `--index-url`: instead of the default index.
    pub index_url: Option<String>,
    /// `--extra-index-url`, in the order given.
    pub extra_index_urls: Vec<String>,
    /// `--find-links`: folders, pages or single files.
    pub find_links: Vec<String>,
    /// `--no-index`: only `find_links`.
    pub no_index: bool,
}
