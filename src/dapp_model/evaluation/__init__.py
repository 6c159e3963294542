"""What an evaluation of the pilot would show: designs run on the model's own people.

Nothing here assumes an effect on an outcome. The model makes the people who start, their incidents
with the programme and without it, and what police and interviews would know of these.
"""
