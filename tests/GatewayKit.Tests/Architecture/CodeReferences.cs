using System.Reflection;
using System.Reflection.Emit;

namespace GatewayKit.Tests.Architecture;

/// <summary>Everything a type names: in its declaration, in its members and in the code of its methods.</summary>
internal static class CodeReferences
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(static field => field.GetValue(null)).OfType<OpCode>().ToDictionary(static code => code.Value & 0xFFFF);

    /// <summary>The types that a type depends on, its own parts excluded.</summary>
    public static HashSet<Type> TypesIn(Type type)
    {
        var found = new HashSet<Type>();
        Add(found, type.BaseType);
        Array.ForEach(type.GetInterfaces(), item => Add(found, item));
        foreach (var member in type.GetMembers(All).Concat(MembersIn(type)))
        {
            Add(found, member.DeclaringType);
            switch (member)
            {
                case Type nested:
                    Add(found, nested);
                    break;
                case FieldInfo field:
                    Add(found, field.FieldType);
                    break;
                case MethodBase method:
                    Add(found, (method as MethodInfo)?.ReturnType);
                    Array.ForEach(method.GetParameters(), parameter => Add(found, parameter.ParameterType));
                    Array.ForEach(method.IsGenericMethod ? method.GetGenericArguments() : [], argument => Add(found, argument));
                    break;
            }
        }

        return found;
    }

    /// <summary>The members that the code of a type's methods refers to.</summary>
    public static IEnumerable<MemberInfo> MembersIn(Type type) =>
        type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)).SelectMany(MembersIn);

    private static IEnumerable<MemberInfo> MembersIn(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var typeArguments = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] is 0xFE ? 0xFE00 | code[at + 1] : code[at];
            var operation = OpCodesByValue[value];
            at += operation.Size;
            if (operation.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                yield return method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments)!;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static void Add(HashSet<Type> found, Type? type)
    {
        while (type is { HasElementType: true })
        {
            type = type.GetElementType();
        }

        if (type is null or { IsGenericParameter: true })
        {
            return;
        }

        found.Add(type.IsGenericType ? type.GetGenericTypeDefinition() : type);
        Array.ForEach(type.GetGenericArguments(), argument => Add(found, argument.IsGenericParameter ? null : argument));
    }
}
