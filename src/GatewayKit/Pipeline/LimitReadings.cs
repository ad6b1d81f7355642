using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>The limits that one request is told of. Written when its response starts, so that whatever answers, and whatever a destination said, they are there.</summary>
internal sealed class LimitReadings
{
    private static readonly Func<object, Task> Write = static state =>
    {
        var readings = (LimitReadings)state;
        readings._fields.Write(readings._context, readings.Items);
        return Task.CompletedTask;
    };

    private readonly GatewayContext _context;
    private readonly LimitFields _fields;
    private FewLimitItems _few;
    private LimitItem[]? _many;
    private int _count;

    public LimitReadings(GatewayContext context, LimitFields fields)
    {
        (_context, _fields) = (context, fields);
        context.HttpContext.Response.OnStarting(Write, this);
    }

    private Span<LimitItem> Room => _many is not null ? _many : _few;

    private Span<LimitItem> Items => Room[.._count];

    /// <summary>Adds a reading; a later one of the same name counts in the place of the former.</summary>
    public void Add(in LimitItem item)
    {
        foreach (ref var known in Items)
        {
            if (known.Name == item.Name)
            {
                known = item;
                return;
            }
        }

        if (!_fields.Wants(item))
        {
            return;
        }

        if (_count == Room.Length)
        {
            var more = new LimitItem[2 * _count];
            Items.CopyTo(more);
            _many = more;
        }

        Room[_count++] = item;
    }

    /// <summary>Notes how a limit stands after it got back what the request had taken, if the client is told of it.</summary>
    public void Correct(in LimitItem item)
    {
        foreach (ref var known in Items)
        {
            if (known.Name == item.Name)
            {
                known = item;
            }
        }
    }
}
