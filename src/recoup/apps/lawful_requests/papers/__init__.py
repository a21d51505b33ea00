"""Papers of lawful requests: printed, signed, checked. What a paper says is ``core/document.py``.

A paper is a PDF for people with its values inside for machines; docs/papers.md says what is signed.
"""
