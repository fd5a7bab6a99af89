#include "conf/yaml_tree.h"
#include "conf/yaml_tree_parser.h"

bool yaml_tree_parser_begin(yaml_parser_t *parser, struct text source)
{
    if (!yaml_parser_initialize(parser))
        return false;
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)source.at, source.len);
    return true;
}

/* How the nesting changes with an event of TYPE. */
static int step_of(yaml_event_type_t type)
{
    bool down = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
    bool up = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;

    return (int)down - (int)up;
}

struct yaml_fault yaml_tree_fault(struct text source, unsigned until)
{
    struct yaml_fault fault = {0};
    yaml_parser_t parser;
    yaml_event_type_t type = YAML_NO_EVENT;
    int depth = 0;

    if (!yaml_tree_parser_begin(&parser, source))
        return fault;
    while (type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;

        if (depth > YAML_DEPTH_MOST || !yaml_parser_parse(&parser, &event)) {
            fault.found = true;
            fault.line = (unsigned)parser.problem_mark.line + 1;
            fault.context_line = parser.context ? (unsigned)parser.context_mark.line + 1 : 0;
            break;
        }
        type = event.start_mark.line >= until ? YAML_STREAM_END_EVENT : event.type;
        depth += step_of(event.type);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return fault;
}
