"""The inspector, over folders of real libraries."""
