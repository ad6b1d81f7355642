using System.Text;
using GatewayKit.Benchmarks.Targets;

// The floor: the same server without a proxy, answering what the upstream server answers.
var app = TargetHost.CreateBuilder(args).Build();
var small = Encoding.ASCII.GetBytes("hello");
var large = Encoding.ASCII.GetBytes(new string('x', 65_536));

app.MapGet("/small", context => AnswerAsync(context, small));
app.MapGet("/large", context => AnswerAsync(context, large));
app.MapGet("/headers", context =>
{
    for (var i = 0; i < 20; i++)
    {
        context.Response.Headers[Names.Response[i]] = "0123456789abcdef";
    }

    return AnswerAsync(context, small);
});
app.MapPost("/post", async context =>
{
    await context.Request.Body.CopyToAsync(Stream.Null);
    await AnswerAsync(context, small);
});
await TargetHost.RunAsync(app);

static Task AnswerAsync(HttpContext context, byte[] body)
{
    context.Response.ContentType = "text/plain";
    context.Response.ContentLength = body.Length;
    return context.Response.Body.WriteAsync(body).AsTask();
}

internal static class Names
{
    public static readonly string[] Response = [.. Enumerable.Range(0, 20).Select(static number => $"X-Response-{number:D2}")];
}
