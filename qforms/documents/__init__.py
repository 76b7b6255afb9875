"""Records to Word documents, letter intents to texts: what people outside the workbook read."""
