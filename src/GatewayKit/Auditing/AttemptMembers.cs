using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;

namespace GatewayKit.Auditing;

/// <summary>Writes what a record has of attempts at destinations: <c>att</c>, the latest of them.</summary>
internal static class AttemptMembers
{
    private const int MostAttempts = 8;

    public static void Write(ref RecordText text, IReadOnlyList<IForwardAttempt> former, IForwardAttempt latest)
    {
        var isOpen = false;
        for (var i = Math.Max(0, former.Count - (MostAttempts - 1)); i < former.Count; i++)
        {
            isOpen |= !ReferenceEquals(former[i], latest) && TryWriteAttempt(ref text, former[i], isOpen);
        }

        isOpen |= TryWriteAttempt(ref text, latest, isOpen);
        if (isOpen)
        {
            text.Close((byte)']');
        }
    }

    private static bool TryWriteAttempt(ref RecordText text, IForwardAttempt attempt, bool isOpen)
    {
        var (length, omitted, record) = (text.Length, text.Omitted, attempt.Record);
        text.TryWrite(isOpen ? ","u8 : ",\"att\":["u8);
        text.String("{\"c\":"u8, attempt.ClusterId, most: 64);
        text.String(",\"d\":"u8, attempt.DestinationId, most: 64);
        if (record.Status is { } status)
        {
            text.Number(",\"st\":"u8, status);
        }

        if (record.Failure is { } failure)
        {
            text.String(",\"err\":"u8, failure.Code);
        }

        text.Number(",\"us\":"u8, (long)record.Time.TotalMicroseconds);
        text.TryWrite("}"u8);
        return !text.TakeBack(length, omitted);
    }
}
