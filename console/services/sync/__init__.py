"""Between this journal, the centre and the neighbours."""
