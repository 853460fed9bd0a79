"""The page: translates events to components and back; decides nothing."""
