using System.Text;
using GatewayKit.Auditing.Bodies;

namespace GatewayKit.Tests.Auditing.Bodies;

/// <summary>What a record would have of a body.</summary>
internal static class CleanBody
{
    public static string? Json(string body, params string[] masks) => Json(Encoding.UTF8.GetBytes(body), isCut: false, masks);

    public static string? Json(ReadOnlySpan<byte> body, bool isCut, params string[] masks)
    {
        var text = new BodyText(new char[8_192], []);
        return JsonBody.TryWrite(body, isCut, new(masks), ref text, new char[8_192]) ? Text(text) : null;
    }

    public static string Form(string body, bool isCut = false, params string[] masks)
    {
        var text = new BodyText(new char[8_192], []);
        Assert.True(FormBody.TryWrite(Encoding.UTF8.GetBytes(body), isCut, new(masks), ref text, new char[8_192]));
        return Text(text);
    }

    public static string? Plain(ReadOnlySpan<byte> body, bool isCut = false, params string[] secrets)
    {
        var text = new BodyText(new char[8_192], secrets);
        return PlainBody.TryWrite(body, isCut, ref text, new char[8_192]) ? Text(text) : null;
    }

    public static string Plain(string body, bool isCut = false, params string[] secrets) => Plain(Encoding.UTF8.GetBytes(body), isCut, secrets)!;

    private static string Text(in BodyText text) => text.Written.ToString();
}
